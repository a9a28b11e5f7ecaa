"""Family names from around the world that the US Census list is short of. Put together by hand; lower case."""

FAMILIES = """
aalto abadi abara abdi abdullayev abramov acheampong achebe achterberg adamczyk adamopoulos adebayo adekunle adeleke
adeyemi afolabi aguilar aguirre ahlberg ahmadi ahmadov ahola akhtar akintola akpan al-farsi al-hashimi al-masri
al-rashid alanko alekseev aliyev allard almeida alonso altmann alves amadi amin andersson ando andrade andreev ansari
antonov antunes anyanwu aoki aquino arai araújo arslan asante aslan ataman auer avila ayala aydın azevedo baars babić
bachmann bajwa bakker bala balogh banerjee baran baranov barbieri barbosa barros barry barta bartoš basu batista bauer
baumann beauchamp beaulieu becker begum bello belov benali benítez berg berger berglund bergström bernard bernardi
bertrand bhat bhatt bhattacharya bianchi bielecki bijl blom blomqvist bodnar boer bogdanov boivin bojko bondarenko
borisov bos bose botha bouchard boucher bouvier boyko brandt branković braun breton brož bruno bruyn bui bunea bąk
cabrera calvo campos cano cardoso carlsson carvalho castillo castro cattaneo chakraborty chakravarty chandra chatterjee
chaudhary chaudhry chavez chebotarev chen cheng chevalier chikwanha chinwe cho choi chopra chowdhury christensen
christiansen christodoulou chukwu chukwuma cisse clausen coelho colombo constantin conteh conti contreras corbeau
cornelissen correia cortés costa coulibaly courtois cruz cvetković czarnecki da-silva dahl dahlberg dahlgren daniels
danielsson danjuma das datta david davidson de-jong deguchi dekker delacroix delgado delvaux demir demirci deshmukh
deshpande diallo diaz dijkstra dimitrov dimitrova dimopoulos ding dinh diop disanto dlamini do doan dobrowolski dogan
domingo dominguez domínguez dostál doğan dragić dragomir drozd du duarte dubois dudek dumitrescu dumont duong dupont
durand dutta dvořák dvořáková egger eide ek ekholm eklund eriksen eriksson ertl espinoza esposito estrada evers eze
eşref fabbri falk fall faria farkaš farrokhzad faye fedorov fekete feng fernandes fernández ferrara ferrari ferreira
ferrer ferri fiala filip filippov fischer florea flores fontaine fontana forsberg fournier franco frank franke
fredriksen freitas friedrich fuchs fujii fujimoto fujita fujiwara fukuda gagnon gaile galli gallo gandhi gao garcía
gashi gauthier gavrilov georgiev georgiou gerber ghosh giannopoulos gil giordano girard giraud golubev gomes gong
gonzález gonçalves goto govender greco grgić grigoryan groen groot gruber guerin guerra guerrero gueye guillot gunawan
guo gupta gustafsson gustavsson gutierrez guzmán gómez górski gül haapala haas haddad haider hakimi halvorsen han
hansen hansson harada hartmann hasegawa hashimoto hassan haugen hayashi he hedlund heikkilä heikkinen heinonen heinrich
hendriks hermans hernández herrera herrmann hidalgo hiltunen hirano hoang hoekstra hofer hoffmann holm holmberg
holmström hong horvat horváth horák hossain hosseini hou hrubý hu huang huber hubert huovinen hussein huynh hájek
häkkinen hämäläinen ibarra ibrahimović ibáñez iglesias ikeda inoue ionescu isaksson ishibashi ishida ishii ishikawa
ismail ito ivanov ivanova ivanović iwasaki jacobsen jacobsson jafari jain jakobsen jalloh jankowski jansen janssen
jansson jensen jha jiang jiménez jin johannessen johansen johansson jokinen joshi jovanović juarez juhász jung jurić
jørgensen kaczmarek kadiev kaiser kalnins kalniņš kamara kamau kamiński kang kannan kapoor karakaya karjalainen karlsen
karlsson kato katz kaur kawaguchi kawasaki kaya keita keller kemppainen keskin kessler khalil khan khumalo kikuchi
kimura kiptoo király kiss kivimäki kjær klein knežević knudsen kobayashi koch kocsis koga koivisto koivunen kolar kondo
kone korhonen koroma koskela koskinen koster kostić kovalchuk kovalenko kovalev kovač kovačević kovács kovář kowalczyk
kowalska kowalski kozlov kozłowski kramer kraus krause kristensen kristiansen król kröger krüger kubo kudo kuhn
kulkarni kumar kurt kuusisto kuznetsov kučera kvarme kwiatkowski köhler könig kühn kılıç laaksonen labbe lahti lahtinen
laine laitinen lam lambert lang langer larsen larsson latif lau laurent lavoie lebedev leblanc leclerc leclercq
lefebvre lefèvre legrand lehmann lehtinen lehtonen leitner lemaire leroy lewandowski li lian liang liao lim lima lin
lindberg lindgren lindholm lindqvist lindström liu lombardi lopes lozano lu ludwig lund lundberg lundgren lundin
lundqvist lungu luo lyubimov lê lópez ma maas mabuza macedo machado madsen maeda magnusson magyar mahmoud makarov malik
malinowski mancini mann marchal marchetti marešová marini marino marinov marić marković marques martens martinelli
martinez martini martins martínez maruyama marín masson matos matsuda matsui matsumoto matsuoka maurer mayer mazur
mbaye mbeki medina medvedev mehra mehta meier meijer meister mendes mendoza menon mercier messina meunier meyer meyers
mihai mikhailov mikkelsen miller milošević mishra mistry mitra mitrović miura miyamoto miyazaki mizuno mochizuki moen
mohammadi mohan mokoena molina molnár monnier monteiro montes mora morais moreau moreira moreno moretti mori morin
morozov morvan moser moyo mukherjee mulder murakami muraoka mustafa mutua muñoz mwangi myhre mäkelä mäkinen müller
müllerová nagy naidoo naidu nair nakagawa nakajima nakamura nakano nakashima nakayama nandi narayanan nascimento
navarro ndiaye ndlovu nel neri nesbø neumann neumayer ngo nguyen nguyễn nielsen nieminen nieto nikolaev nikolaou
nikolić nikolov nilsen nilsson nishimura njoroge nkosi noack nogueira nomura nordin novotná novotný novák nováková
nowak nunes nwosu nyberg nykänen németh núñez oberoi obi obuya ochoa oda odhiambo oduya ogawa ogundipe ogunleye ojala
okada okafor okamoto okeke okonkwo okoye oksanen olatunji oliveira olsen olsson olszewski oláh omondi ono onyango
onyeka orlov orosz orozco ortega ortiz osman ota otieno ouattara paananen pacheco padilla palmieri pan pandey pang pap
papadopoulos papp parikh pasanen patel pavlov pavlović pawłowski pedersen pellegrini pelletier peng pereira perrin
perrot persson pesonen peters petersen petersson petit petković petrenko petrescu petrov petrović peña pham phan
pieters pietrzak piirainen pillai pinto pires pirogova pitkänen pohl poirier pokorný polat ponce pons popa popescu
popov popović portier posthumus prasad pretorius prieto procházka puig puska pérez pătraşcu qian qin quispe qureshi
radić radu rafiq rahimi rahman rajkovič ramadan ramos ramírez rana ranta rantanen rao rasmussen rastogi rautiainen ravn
reddy reiter reyes reyna rezaei ribeiro ricci richter rinaldi rinne rios ritter rivera rizzo robertsen rocha rodrigues
rodríguez rojas romano romero rossi roth rousseau roussel roux roy rubio ruiz ruud ryan-bell rácz różański saarinen
sahin saito sakai sakamoto salazar salminen salo salonen samaras sandberg sanders sano santana santoro santos sardar
sasaki sato savolainen schaefer scherer schmid schmidt schmitt schneider schreiber schröder schubert schulte schultz
schulz schulze schumacher schuster schwarz schäfer seidel sekine senghor seppälä serrano sesay sethi shah shaikh sharma
shehu shimada shimizu shrestha siddiqui sidorov silva silvestri simić simonsen simón singh sinha sirén skála smirnov
smit smits soares sokolov solberg sommer song sosa sousa souza sow stanković stefanović stein steiner stoica stojanović
strand ström su suarez subramanian sugiyama sun sundberg sundqvist suominen suzuki suárez svensson svoboda szabo szabó
szalai szewczyk szymański sánchez sørensen takagi takahashi takeda takeuchi takács talvitie tamm tamura tan tanaka tang
taniguchi tao tavares teixeira teo thapa theodorou thi thomsen tian tikhonov tiwari todorov todorović toivonen tomić
torres toure tran traore tremblay tshabalala tuomi turunen tutu tóth uche uchida ueda ueno urban urbański uzun valdez
valkonen van-dijk vanhanen varga vargas vargová varma vasile vasilev vasquez vega veiga venter verma vermaak vermeulen
vidal vieira vigh vila villa villanueva virtanen visser vitale vo vogel vogt volkov vos vrba vu vuković väisänen wada
wagner walter wanjiku wanjiru watanabe weber wei weiss werner westerlund wiśniewska wiśniewski wolf wolff wong woźniak
wróbel wu wójcik xie xu yamada yamaguchi yamamoto yamashita yamazaki yang yildirim ying yokoyama yoshida yuan yusuf
yáñez yıldız yılmaz zając zakharov zamora zapata zawadzki zelenka zeman zhang zhao zheng zhou zhu ziegler zielińska
zieliński zimmermann zorić zulu zuniga závodná álvarez åström çakır çelik öhman öner özdemir öztürk ünal ćetković černá
černý đorđević şahin şen šebek škoda živković žukauskas
aasen abdelnour abdulla abdullahi abebe abernathy abiodun abouzeid abshir abubakar acevedo aden adeyinka adichie
adigun aerts agarwal agbaje aggarwal ahluwalia ahmadu akinola akinwale akinwumi akinyemi al-ahmad al-amin al-khatib
al-masry al-najjar alabi alami alarcón alcántara alemu ali aliyu amaechi amari amusan andresen anozie anyaoku aoun
arroyo assefa avendaño awolowo ayodele ayoub azikiwe azizi babangida baeten bakken bakkers bakri balewa ballesteros
balogun banda baptista barahona barakat barasa barrera barrientos barzini becerra beek bekele bellucci ben-ali
benavides benjelloun berge bermúdez berntsen bhandari bhardwaj bhatia bhattacharjee bisht biswas bleijenberg
boccherini boersma bogaerts boon bora boutros brambilla brekke brouwer bråten bustamante buthelezi camacho carmona
carocci carrasco carrera carrillo casanova cele cervantes chahine chaturvedi chauhan chawla chepkoech cheruiyot
chhabra chinedu chirwa cisneros claes clemenza coppens cordero corleone corona coronado corral cuevas cuypers cáceres
cárdenas daalen daher dahle dahlström dalal dangote danladi darwish das-gupta dekkers desai desmet desta dhillon dijk
dixit donati drago driessen dube dubey dwivedi echeverría egwu eklöf ekwueme el-masri el-sayed eliassen emeka enahoro
engen escobar escobedo esquivel ezekwesili fagerström fajardo fakhoury farah farhat fawzi figueroa fossum fransson
gaitán galimberti galindo gallardo gallegos galván gamboa garrido garza gathoni gebre geerts gerritsen getachew ghanem
gill girma gitau goel goossens gowon goyal grewal guevara gulbrandsen gumede gunnarsson haan haddadi hagen haidar
haile hakala hakim halabi hallström hamdan hariri harju hartikainen haugland heino helland hellström hendrickx heyman
hietala hijazi hinojosa hirsi hirvonen hofman honkanen hovland huerta huisman hurtado huttunen hyvönen håkansson
höglund idowu igwe ikonen ikpeazu immonen iversen iwu iyengar iyer jabbour jaber jadhav jalonen jama janse jaramillo
jaspers jega jespersen jimoh jokela juárez järvinen jönsson kadam kallio kamath kanaan kangas kankaanpää kanu kapadia
karam kariuki karvonen kashyap kassem kaunda kauppinen kaushik kebede ketola kettunen khanna khatri khoury khurana
kinnunen kipchoge kiplagat kiprop kjeldsen koech kohli kok koponen korir korpela koski krishnamurthy krishnan kuiper
kuipers kukkonen kurup kuti kuusela kvam laakso lakshmanan lal lara lawal lehto leinonen leiva lemmens leone leppänen
lie lien lindahl ljungberg longo lucero luna luoma luxardo löfgren løken maalouf madueke maes mahajan maina maldonado
malhotra manninen mansour marchesi mariani marroquín martelli masri mathew mathur mattila mattsson mbadiwe mbewe mejía
mekonnen melgar mercado mertens michiels miettinen miramontes mittal mkhize modi moe mohamud mohanty molenaar monti
montoya morales mortensen mpofu mthembu mubarak mugabe mukhopadhyay murthy musa mustonen mutai mutasa muthoni mwale
mwenda myhr myklebust mäki nader naicker najjar nambiar naranjo narváez nasrallah nasser natarajan ncube negi nehru
ngugi niemi niinistö nijland njenga nnamdi norberg nordström noriega norén nousiainen nwachukwu nwankwo nyambura
nyathi nygård nyström næss obasanjo obeid obiora ochieng odukoya ogbonna ogunbanjo oikarinen ojukwu okereke okonjo
okorie okoro olajide olivares ollila olofsson omar onyekachi opmans orellana orlando osorio oyedepo oyelaran oyelowo
paavola pace padayachee palacios palmgren panatta panicker pardo paredes parisi parmar parviainen pastrana patil
paulsen pawar paz pedraza peeters pelkonen peltola peltonen perea phiri pieterse pillay pineda piras pizarro portillo
postma prabhu prakash prins pucci pulkkinen pulli puri purohit qassem quintana quintero quiñones raghavan rajagopalan
rajala rajan rajput ramachandran raman ramaswamy rathore rautio rawat rendón renier restrepo riihimäki rincón riva
rizk rizzi robles rosales rosario rosén rotich rutten räsänen rønning saab saari saavedra sabbagh saeed saha sahni
sakala sala salameh salas salcedo saldaña saleh salgado salloum salmela salmi sande sandhu sandoval sandström sanna
sanusi savola saxena sayegh scholten schouten segers sehgal sengupta seppänen sepúlveda serna serra seth shagari
shaheen shalhoub shami shankar shenoy shetty shukla sibanda sidhu sihvonen silvennoinen simiyu singhania sipilä
sivertsen sjöberg sjögren skaar sleiman smeets sodhi soini solano solheim solís sood soriano sorrentino sotelo soyinka
srinivasan srivastava stevens strøm subramaniam sundaram sundström suomalainen suri svahn swaminathan sæther söderberg
söderström sørlie tadesse talwar tamayo tandon tangen tannous tawfik tedesco tembo tervo tesfaye tessio testa thakur
thijs thorsen tikkanen timmermans tinubu tlass toledo tolonen torp tovar travia trejo trivedi trujillo tuominen
turpeinen tveit tyagi téllez uchenna udo ugwu ulloa ulvestad upadhyay urbina urrutia uusitalo uzoma vaidya vainio
valdivia valencia valentini valenzuela vallejo valtonen varghese vartiainen veenstra velasco velásquez venkataraman
venkatesan vera verbeek verhoeven vermeer verschuren vik villalobos villarreal viswanathan vitali vlaminck vuorinen
vyas väänänen vélez wafula wallin wambui warsame wauters wekesa westberg wikström willems worku wouters yadav yakubu
yassin yepes ylönen younes zaki zambrano zanella zapatero zavala zayed zidan zungu zwart zúñiga åberg åkesson öberg
østby
"""
