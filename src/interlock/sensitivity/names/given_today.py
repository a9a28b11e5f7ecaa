"""Given names that came into use after the census that the other lists are made of. By hand; lower case."""

GIVEN = """
aaliyah adaline adalyn adalynn addilyn ahmir aiden aidyn alaia alaina alani alasdair alayah aleena alisson amari amaya
amias anaya anders angharad annalise ansley arabella aranza ares ariella arjun arlo arya asher atticus aubree aubrie
aurelia avaya axl aydan ayden aylin azariah bodhi braden brayan brayden braylen braylon brecken brenden briella
brielle bronwen bryanna brylee brynlee bryson caden caiden callan calliope callum camdyn camryn cayden cayson cerys
cesar conner connor corbin damari dariel dashawn dayana deandre delaney demarcus dhruv eliana elliana ellison elodie
eloise emani emerie emersyn emmitt emmy ensley esme estella eustace evangeline everleigh everly ezekiel fallon finley
finnegan finnley folarin freya gannon giancarlo ginevra giulietta graysen grayson greyson gunnar gurleen hadlee
hadleigh halle hamish hayden haylee hendrix hina ibrahim iker indie isla itzel izaiah jace jacoby jaden jadiel jaelyn
jagger jaiden jakari jakobe jalen jamari jameson jamir jasiah javion jaxen jaxon jaxson jaxton jaxx jayce jaycee
jayceon jayda jayden jayla jaylah jaylee jaylen jaylin jaziel jazlyn jazmine jeremias jionni jordyn jorja joziah judah
juelz julieta kabir kaia kaidyn kailani kairo kaisley kaiya kaleb kallie kamari kamden kamdyn kamila kamryn kannon
karsyn karter kasen kashton kayden kaydence kaylani kaylee kayleigh kayson keanu keaton keegan kehlani keilani kellan
kenia kenna kenzie keyla khalani khaleesi khari khloe kiara kiera killian kinley kinslee kinsley kinzley kobe kohen
kolby kolton kora korbin kyla kyler kylian kylo kyrie kyson lachlan laila lailah lainey landen landyn larkin laylah
layne leighton leilani lennox lexi liam lilah liliana lilianna lilith lilliana lochlan londyn lorelai luciana lyanna
maci mackenzie maddox madelyn madelynn madilyn makayla makenna maliyah manpreet mariam marleigh matias maxton mccoy
mckenna mckenzie mckinley melany mikaela milania milena mohammad myla mylah nalani nataly nathalia navjot nayeli
nehemiah nevaeh niccolo nico niko noemi nola novah nylah oaklee oakleigh oaklyn oaklynn omari oyinkan paxton peyton
quincy raegan raelyn raelynn rayden raylan raylee reagan reece remi remy reyansh rhett rhiannon rhys rocco rohan
romina ronan rory rosalia roselyn rowan ryann ryder ryker rylan ryland rylee ryleigh saanvi samara samir santino
sariyah sekani selah serenity shivansh skyla skylar skyler sloane taliyah teagan tenley thalia theodora thiago torquil
treyvon tripp truett vihaan vivaan waylen waylon westyn wren wrenley xander ximena xiomara yara yareli yaretzi yousef
yusuf zahir zaid zaiden zain zainab zaire zander zaniyah zayden zayn zayne zechariah zion zoey zuri
abdi abdirahman abdullahi adebisi afua agapito amarachi amma anika aniket anuli aputsiaq aryan aureliano aviaaja
baldomero basilio bonifacio casimiro ceferino chikondi chima dayo demetrio dionisio domitila eden ekene eladio
eleuterio eliseo epifanio eulalia eulogio eustaquio evaristo faduma fartun fidel fikru florencio froilán fulgencio
gbenga genoveva gozie gregoria hadiza hermenegildo hipólito hiwot hodan ibukun idowu ifrah ifunanya iniobong inuk
isidoro ivalu jenaro jide kamsi kemi kidane kritika kunuk lanre lemlem leocadio leoncio leovigildo macario malik
maximino melquíades meron mobolaji modesto modupe naja nemesio nimco nivi niviaq nnenna nwando obiageli oge ogechi
okechukwu onofre osas oyinkansola paninnguaq patrocinio pipaluk plácido prachi prudencio pura pánfilo reena revathi
rigoberto roopa ruperto sade sahra sakshi senait serafín servando silverio silvestre sola somto sonal tayo telmo
tigist tolu toluwani tomiwa toribio trinidad ubah urbano valeriano venancio ventura vicenta wale warsame wenceslao
yemi
skip buddy chip butch sonny junior ozzie ziggy dutch bubba trixie dot dottie birdie bunny kiki coco lolo gigi mimi fifi
"""
