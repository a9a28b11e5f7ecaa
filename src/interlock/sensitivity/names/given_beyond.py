"""Given names of Africa, Asia, the Celtic countries and Oceania, as they are written in Latin script. Lower case."""

GIVEN = """
abbas abdallah abdel abdelaziz abdelkader abdelkarim abdelrahman abdul abdulaziz abdullah abdulrahman abeer adel adham
afaf afnan ahmad ahmed aisha akram ala alaa alia aliyah amal amani amin amina aminah amir amira ammar amr anas anwar
aqeel areej arwa asad asma asmaa ashraf ayah ayat ayesha ayman ayoub aziza badr bahaa bakr basel basem basma bassam
basim batool bouchra boutros bushra dalal dania daoud dima djamila dounia duaa eman emad essam fadel fadi fadia fadwa
fahad fahd faheem fairuz faisal fakhri farah farid farida faris farouk faten fathi fatima fatimah fatin fawaz fawzi
faysal fayza feras fouad fuad ghada ghaith ghassan habib hadeel hadi hadia hafsa haifa haitham haidar hajar hala halima
hamad hamada hamdan hamid hamida hamza hanaa hanan hanadi hani hania hanin hasna hassan hatem haya hayat haytham hazem
heba hiba hicham hind hisham houda houria huda hussain hussein ibtisam idris ihab ikram ilham iman imad imane imran
inas intisar isam islam israa issa iyad jabir jaber jafar jalal jamal jamil jamila jamilah jassim jawad jihad jihan
jumana kamal kamel kareem karim karima khadija khadijah khaled khalid khalil khawla khadra lamya latifa layal layla
leila lubna luay maha mahdi maher mahmoud mai maisa maisoon majd majed majid majida malak malek malika manal mansour
maram marwa marwan maryam may mayada maysa mazen mehdi mohamad mohamed mohammad mohammed mohsen mostafa mouna mourad
muath muayad mubarak muhammad muhannad mukhtar munir munira mustapha mutaz nabil nabila nader nadim nahed nahla naif
naima najat najib najla najwa nasim nasir nasr nasreen nasser nawal nawaf nayef nazih nazira nesrine nibal nidal
nisreen nizar nora noura nouf nour nourhan nura omaima omran osama othman ouafa qais qasim rabab rabih rafik raghad
rahaf rahma raja ramzi rana rand randa rasha rashad rashed rashid rashida raslan rawan raya rayan razan reem reema
reham riad rida rim rima riyad rola ruba rula ruqayya saad saadia saber sabah sadia saeed safa safaa safia safiya
safwan sahar saida sajid sakina salah salam saleh salem salima salma saloua sama samar samer sameera samia samih samir
samira sana sanaa sawsan sayed seham shadi shadia shaima shaker shahd sharif sherif shereen sherine shirin siham soha
sonia souad sumaya suha suhad suhail suleiman sulaiman tahani taher talal talib tamer tarek tariq thamer thuraya tofik
umar umaima usama wael wafa wafaa waheed walaa waleed walid warda wasim widad wijdan wissam yahia yahya yara yaseen
yaser yasir yasmeen yasser younes yousef youssef yousra yunis yusra zahra zainab zaid zakaria zakariya zaki zaynab
zeina zeinab ziad zineb ziyad zuhair abolfazl afsaneh afshin akbar alireza amirhossein anahita arash ardeshir arezoo
arman artin asghar atefeh azadeh azar babak bahareh bahman bahram behnam behnaz behrouz behzad bijan bita borzou cyrus
dariush davood ebrahim elaheh elham elnaz esmail fardin farhad fariba farideh farnaz farnoosh farrokh farshad farzad
farzaneh fatemeh fereshteh fereydoon firouz gholam gholamreza giti golnaz golnar habibollah haleh hamed hamidreza homa
homayoun hooman hooshang hossein houshang iraj jahangir jamshid javad kambiz kamran kamyar kaveh katayoun kazem keyvan
khosrow kianoush kimia kourosh ladan laleh lida mahboubeh mahin mahmood mahnaz mahsa mahshid mahtab mahyar mandana mani
manijeh manouchehr marziyeh masoud masoumeh mehran mehrdad mehrnaz mehri minoo mitra mohammadreza mojgan mojtaba
morteza mozhgan nahid nasrin nazanin neda negar niloofar nilufar niloufar nooshin omid pari parisa parivash parvaneh
parvin parviz payam pedram pegah peyman pooya pouria pouya ramin rasoul reza roshanak roya saba saeedeh saghar saman
samaneh sasan sepideh setareh shaghayegh shahab shahin shahla shahnaz shahram shahrokh shahrzad shapour shideh shima
shohreh siamak siavash simin sina sirous soheil soheila soraya soroush tahereh tara taraneh touraj yasaman zari zhaleh
zohreh aaditya aakash aarav aarti abhay abhijit abhilash abhinav abhishek aditi aditya advait ahana ajay ajit akanksha
akash akhil akshay akshara alka alok aman amit amita amitabh amol amrit amrita amruta anand ananda anandi ananya aneesh
anil anirudh anisha anjali anju ankit ankita ankur anoop anshul anuj anupam anupama anuradha anurag anusha anushka
aparna aravind archana arjun arnav arpit arti arun aruna arundhati arvind asha ashish ashok ashwin ashwini asmita
atharva atul avani avinash ayaan ayush babita bala balaji bhanu bharat bharati bhaskar bhavana bhavesh bhavna bhavya
bhumika bhushan bhuvan bijal bina bipin brijesh chaitanya chandan chandni chandra chandrakant charu chetan chetana
chinmay chirag chitra daksh damini darshan darshana deep deepa deepak deepali deepika deepti dev devansh devendra devi
devika devyani dhanush dharmendra dhara dhaval dhruv dilip dinesh dipak dipika dipti divya divyansh durga esha eshaan
falguni farhan gagan gajendra ganesh ganga garima gaurav gauri gautam gautami gayatri geeta geetha girish gita gopal
gopi govind gulab gurpreet guru gurdeep hari harish harini harita harpreet harsh harsha harshad harshita hemant hema
hemlata hetal hitesh hrithik indrani indu inder ira isha ishaan ishan ishita ishwar jagan jagdish jagjit jai jasmeet
jaspreet jatin jaya jayanth jayanti jayant jayesh jayshree jeevan jignesh jinal jitendra jyoti jyothi kabir kajal
kalpana kalyan kalyani kamala kamini kamlesh kanchan kanishk karan karishma karthik kartik karuna kashish kasturi
kaushal kaushik kavita kavitha kavya kedar keshav ketan ketaki khushboo khushi kiran kirti kirtan kishan kishore komal
krishna krish kriti krunal kshitij kuldeep kumar kumari kunal kusum lakshman lakshmi lalit lalita lata latha laxman
laxmi leela lokesh madan madhav madhavi madhu madhur madhura madhuri mahendra mahesh malati malini malti mamta manasi
manav mandeep mandira mangal mangesh manisha manish manjeet manjiri manju manjula manjunath manoj manohar mansi manu
mayank mayur mayuri medha meena meenakshi meera megha meghana meghna mehul milind minal mitali mithun mohan mohini
mohit monali mridula mrunal mugdha mukesh mukul mukund murali murugan nagesh naina nalini naman namita namrata nanda
nandini nandita narayan narayana naren narendra naresh natwar naveen navin navneet navya neel neelam neeraj neeta neetu
neha nidhi nihar nikhil nikunj nilesh nilima nimesh nimisha niranjan nirav nirmala nirupama nisha nishant nishtha
nitesh nitin nitya nivedita omkar oviya padma padmini pallav pallavi pankaj parag paramjit paras paresh parimal
parineeti parth parul parvati pavan pavani pavithra pawan piyush pooja poonam poornima prabhakar prabhat prabhu prabir
pradeep pradip pradnya prajakta prakash pramod pranab pranav pranay pranjal pranali prasad prasanna prashant prateek
pratibha pratik pratima praveen pravin preeti prem prema prerna prithvi priti priya priyanka puja pulkit puneet punam
purnima purushottam pushkar pushpa rachana rachit rachna radha radhika raghav raghavan raghu raghunath rahul raj rajan
rajani rajat rajeev rajendra rajesh rajeshwari rajiv rajkumar rajni raju rakesh raksha ram rama raman ramakrishna
ramana ramesh rameshwar ramya ranjan ranjana ranjit ranjeet ranveer rashi rashmi ratan ravi ravindra rekha renu renuka
reshma reyansh richa riddhi rishabh rishi ritesh ritika ritu rohan rohini rohit roshan roshni ruchi ruchika rucha rudra
rukmini rupa rupal rupali rupesh sachin sadhana sagar saanvi sai sameer sampada sanath sandeep sandesh sandhya sandip
sangeeta sangita sanika sanjana sanjay sanjeev sanjiv sanjoy sankalp sanket santosh sapna sarika sarita sarla sarvesh
satish satya satyajit saurabh savita savitri seema shailaja shailendra shailesh shaila shakti shaktiman shalini shanaya
shankar shantanu shanthi shanti sharad sharada sharmila shashank shashi sheela sheetal shekhar shikha shilpa shiv shiva
shivam shivani shobha shobhana shraddha shreya shreyas shridhar shrikant shrishti shriya shruti shubham shubhangi
shweta shyam shyamala siddharth siddhi simran sindhu sita smita smriti sneha snehal soham sohail somnath sonali sonam
sonu soumya sourav sreedevi sridevi sridhar srijan srikanth srinivas srinivasan srishti subash subhash subhashini
subodh subramaniam subramanian sucheta suchitra sudarshan sudha sudhakar sudheer sudhir sugandha suhas suhana suhani
sujata sujatha sujit sukanya sulochana suman sumana sumati sumeet sumit sumita sumitra sundar sunder sundari sunil
sunita suparna supriya suraj surekha surendra suresh surinder surya sushant sushil sushila sushma suvarna swapna
swapnil swara swarna swati tanmay tanuja tanvi tarun tejas tejaswini trilok tripti trisha tushar uday udit ujjwal uma
umang umesh upasana upendra urmila urvashi usha utkarsh uttam vaibhav vaidehi vaishali vaishnavi vandana vani vanita
varsha varun vasanth vasanti vasant vasudha veena veer venkat venkatesh venkata venu vibha vidhi vidya vidyut vihaan
vijay vijaya vikas vikram vikrant vimal vimala vinay vinaya vineet vineeta vinita vinod vipin vipul viraj viren
virendra vishakha vishal vishnu vishwa vivaan vivek vrinda vyjayanthi yamini yamuna yash yashoda yashwant yatin yogesh
yogita yuvraj aamir abdur afreen afsana arif arshad asif atif azhar bashir faiza farzana ghulam haroon humaira imtiaz
iqbal irfana ishaq javed junaid kashif khurram mehreen mehwish moin mubashir mudassar muneeb nadeem naeem nafisa naveed
nazia nighat nusrat parveen rabiya rafiq rehana rehman riaz rizwan rubina rukhsana sabiha sadaf safdar saima sajida
saleem salman samina sanaullah saqib sarfraz shabana shabnam shagufta shahbaz shahida shahid shahnawaz shahzad shaista
shakeel shamim shamsa shaukat shazia sheraz shoaib sumaira tabassum tahira talat tanveer tanzeel tasneem umair usman
uzma wajid waqar waqas waseem younis zafar zaheer zahid zahida zainul zara zeeshan zubair bao bei bin boqin changming
chao chen cheng chenguang chun chunhua chunyan cong cuihua dandan dawei dong dongmei fang fangfang fei feifei feng
fenghua gang guang guanghui guangming guifang guiying guo guohua guoliang guoqiang guowei hai haiyan haitao haoran hong
hongmei hongwei hongxia hongyan hua huan huifang huimin huiling huiying jia jiahao jiajun jialing jiamin jian jianfeng
jianguo jianhua jianjun jianming jianping jianwei jiawei jiayi jie jiechi jiehui jin jinfeng jing jinghua jingjing
jingyi jinhua jinlong jinping jiping jun junhao junjie junwei kang kexin lan lanying lei lihong lihua lijuan limei ling
lingling liping liqin liwei lixia liying long longwei manyu mei meifang meihua meiling meilin meixiang meng mengyao min
ming minghua mingxia mingzhu minjie na nan nannan ning peng pengfei ping qi qiang qianqian qiao qing qinghua qingshan
qiong qiuyue quan rong ronghua ruoxi shan shanshan shaohua shaoqi sheng shengli shu shufang shuhua shulan shuang
shuying shuzhen sicong siyuan tao tianyu ting tingting tong wang-li wei weidong weiguo weihong weimin weiming wen
wenbin wenhua wenjie wenjun wenyan wenwen xia xian xiang xiangyang xiao xiaobo xiaodong xiaofang xiaofeng xiaogang
xiaohong xiaohua xiaohui xiaojun xiaolan xiaoli xiaoling xiaomei xiaoming xiaoping xiaoqing xiaotong xiaowei xiaoxia
xiaoyan xiaoyi xiaoyu xin xing xinyi xinyu xiu xiufang xiulan xiuli xiuying xiuzhen xu xue xuefei xuemei xueqin xuan ya
yafang yajing yali yanfang yang yanhong yanhua yani yanling yanmei yanping yanyan yao yaping yawen ye yi yifan yihan
yijun yilin yimin yin ying yingying yiming yinhua yitong yixin yong yonggang yonghong yongjun yongming yongqiang
yongxia you yu yuan yuanyuan yue yuehua yufeng yuhan yuhua yulan yuling yumei yumin yun yunfei yunxia yuqing yuting
yutong yuwei yuxuan yuying yuzhen zedong zemin zhaohui zhen zhendong zhenghua zhengyi zhenhua zhenzhen zheng zhi
zhigang zhihao zhihong zhihua zhijun zhimin zhiming zhiqiang zhiwei zhiyong zhiyuan zhong zhonghua zhongyi zihan zimo
zixuan zongying ai aiko aina akane akari akemi akihiko akihiro akihito akiko akio akira akiyoshi ami anzu aoi arata
asako asami asuka asuna atsuko atsumi atsushi ayaka ayako ayame ayane ayano ayumi ayumu azusa chiaki chie chieko
chiharu chihiro chika chikako chinatsu chisato chitose chiyo chiyoko daichi daigo daiki daisuke eiichi eiji eiko emi
emiko eri eriko etsuko fujio fumiko fumio fumiya genji goro hachiro hajime hanae hanako haruhi haruka haruki haruko
haruna haruto hayato hibiki hideaki hidehiko hidekazu hideki hideko hidemi hideo hideto hidetoshi hikari hikaru hinata
hiro hiroaki hirofumi hiroki hiroko hiromi hiromu hironori hiroshi hiroto hirotaka hiroyoshi hiroyuki hisako hisao
hisashi hitomi hitoshi honoka honami ichiro ikuko ikuo isamu isao itsuki iwao izumi jiro jun-ichi junichi junji junko
junpei jurou kaede kahori kaito kana kanako kanami kanna kaori kaoru katashi katsu katsuhiko katsuki katsumi katsuo
katsuya kayo kayoko kazue kazuhiko kazuhiro kazuki kazuko kazumi kazunari kazunori kazuo kazushi kazuya kazuyuki kei
keiichi keiji keiko keisuke keita kengo kenichi kenji kenjiro kenta kentaro kichiro kikuko kimiko kin-ichi kiyoko
kiyomi kiyoshi kiyotaka kohei koichi koji kosuke kota kotaro kouta kozue kumiko kunihiko kunio kyohei kyoko kyosuke
maho mahiro maiko maki makoto mami mamoru mana manabu manami mao mariko masaaki masafumi masahide masahiko masahiro
masahito masakazu masaki masako masami masanori masao masaru masashi masato masatoshi masaya masayoshi masayuki masumi
matsuko mayu mayuko mayumi megumi meiko michi michiko michio midori mieko miharu miho mihoko mikako miki mikiko mikio
miku minako minami minoru miori misaki misako misato mitsuko mitsuo mitsuru miu miwa miwako miyako miyoko miyu miyuki
mizuki mizuho moe momoka momoko momoe motoki moto mutsumi nanae nanako nanami nao naoki naoko naomi naoto naoya natsuki
natsuko natsumi natsuo nobu nobuko nobuo nobuyuki nori noriaki noriko norio noriyuki nozomi osamu rei reiji reiko reina
rena ren rie rieko rika rikako riko riku rikuto rina rinako risa risako ritsuko rokuro rumi rumiko runa ryo ryohei
ryoko ryoichi ryosuke ryota ryotaro ryuichi ryuji ryunosuke ryusei saburo sachi sachiko sadao saeko saki sakiko sakura
sakurako satoko satomi satoru satoshi sawako saya sayaka sayuri seiichi seiji seiko seita setsuko shigeki shigeko
shigeo shigeru shigeyuki shin shinichi shinji shinjiro shinobu shino shinya shiori shiro shizue shizuka shizuko shogo
shohei shoichi shoji shotaro shouta shuhei shuichi shuji shun shunichi shunsuke shusuke sora sota soichiro sousuke
sumie sumiko sumire suzu suzue suzuko suzume tadao tadashi taeko taichi taiga taiki takaaki takafumi takahiro takako
takao takashi takato takayoshi takayuki takehiko takeo takeru takeshi takuma takumi takuro takuya tamaki tamiko tamio
taro tatsuhiko tatsuo tatsuya tatsuro teruko teruo tetsuo tetsuro tetsuya tokiko tomiko tomio tomoaki tomohiro tomoka
tomoki tomoko tomomi tomonori tomoya tomoyo tomoyuki tooru toru toshi toshiaki toshihiko toshihiro toshikazu toshiki
toshiko toshio toshiro toshiya toshiyuki tsubasa tsuneo tsutomu tsuyoshi umeko wakako wataru yasu yasuhiko yasuhiro
yasuko yasuo yasushi yasuyuki yayoi yoichi yoko yori yoriko yoshi yoshiaki yoshiharu yoshihiko yoshihiro yoshikazu
yoshiki yoshiko yoshimi yoshinobu yoshinori yoshio yoshiro yoshito yoshiyuki yosuke yota yui yuichi yuichiro yuji yuka
yukako yukari yuki yukie yukihiro yukiko yukina yukio yuko yuma yume yumi yumiko yuna yuriko yusuke yuta yutaka yuto
yuu yuya yuzuki yuzuru bo-ra bong-soon boram byung-hun chan-wook chang-min cheol-su chul-soo da-eun dae-jung dae-won
dong-hyun dong-wook donghyun eun-hye eun-jeong eun-ji eun-jung eun-kyung eunji eun-sook eunjung gyeong-su ha-eun
ha-neul hae-won han-bin hee-jin hee-sun ho-jin hye-jin hye-kyo hye-won hyejin hyeon-woo hyun-jin hyun-joo hyun-jung
hyun-woo hyunjin hyunwoo in-ho in-sook jae-hyun jae-min jae-sung jae-won jaehyun jaemin jeong-hee jeong-ho ji-eun
ji-hoon ji-hye ji-hyun ji-min ji-sung ji-won ji-woo ji-yeon ji-young jihoon jihye jihyun jimin jin-woo jin-young jinwoo
jisoo jisung jiwon jiwoo jiyeon jiyoung joo-won joon joon-ho joon-young jun-ho jun-seo jung-hee jung-hoon jung-min
jung-soo junho kwang-soo kyung-hee kyung-soo mi-kyung mi-ran mi-sook mi-young min-ho min-hee min-jae min-ji min-jun
min-joon min-jung min-seo min-soo minho minji minjun minseok minsoo myung-hee sang-hoon sang-hyun sang-woo sanghoon
sangwoo se-hun sehun seo-yeon seo-yun seojun seok-jin seong-ho seoyeon seung-hyun seung-min seung-woo so-yeon so-young
soo-jin soo-jung soo-min soo-yeon soo-young soojin sook-ja soyeon soyoung su-bin su-jin subin sujin sun-hee sun-young
sung-ho sung-hoon sung-jin sung-min sungho sungmin tae-hyung tae-min taehyung woo-jin woo-sung woojin ye-jin yeji yejin
yeon-woo yong-ho yoo-jin yoon-ah young-ho young-hee young-ja young-jae young-mi young-soo younghee yu-jin yujin yun-seo
ái anh ánh bảo bích cúc cường châu chi chinh công đạt diễm diệp diệu định đoàn dung dũng dương duyên đông đức giang
hằng hạnh hải hậu hiền hiếu hiệp hoa hoàng hồng huệ hùng hưng hương huy huyền khánh khang khoa kiệt lâm lê liên linh
loan lộc lợi lương ly mạnh minh mỹ nam nga ngân nghĩa ngọc nguyên nguyệt nhân nhi nhung như oanh phong phú phúc phương
phượng quân quang quốc quý quyên quỳnh sơn tâm tân thạch thái thanh thành thảo thắng thi thiện thịnh thoa thu thuận
thúy thủy thư tiên tiến toàn trâm trang trí trinh trọng trung trường tú tuấn tùng tuyết uyên văn vân vinh vũ vy xuân
yến thuy phuong hoang tuan quoc duc huong hang hieu hung ngoc agung agus aisyah andi anggi anisa annisa arief ayu bagus
bambang bayu benny budi budiman cahya cahyono cinta dadang damar dani darma deddy dedi desi dewi dian diah dika dimas
dinda dwi edi eko endah endang erlangga fajar febri fitri gatot gilang gunawan hariyanto hartono hasanah hendra hendri
heri heru ika imam indah indra intan irawan irwan iwan joko jumadi kartika kartini kusuma lestari lukman made maya mega
mulyadi ningsih novita nur nurul nyoman okta prabowo pratama prasetyo purnomo puspita putra putri putu rahayu rahmat
ratih ratna rendra ridwan rini rizki rizky rusdi satria setiawan siti slamet sri subagyo sudirman sugeng suharto
sukarno sumarno supardi susanti susilo sutanto sutrisno suwarno teguh teddy titin tono triyono tuti utami wahyu wahyuni
wayan wati wibowo widodo widya wijaya winda wulan yanti yanto yudha yudi yuli yuni achara adisorn anan anong anongnuch
anuwat apichart apinya arthit aroon boonmee boonsri chai chaiwat chalerm chanchai chaiya channarong chatchai chompoo
daeng duangjai kamol kanda kanokwan kanya kasem kittisak kittipong kriangsak kulap lawan lek mali malee manee manop
montri nattapong natthapong ngam niran nittaya noi nok nong nopparat orathai pakpao panit parichat patcharee pensri
phairoh phichai phonthip pichai pimchanok pimpa ploy pongsak prasert prasit prayut preecha pricha rattana rungnapha
saengdao sakchai samran sanoh santi saowaluk sirikit siriporn siriwan sombat somboon somchai somjai somkiat sommai
somphon somporn somsak somsri sopa sumalee sunan sunee suphap surachai surapong suthep suwannee suwit tanawat thaksin
thanakorn thaworn thong ubon udom wandee wanida wanna wichai wilai wipa wirat wiroj yaowalak yingluck yongyuth abayomi
abebe abena abeni abiodun abiola abimbola abosede achieng adaeze adaku adama adanna ade adebayo adebola adebowale
adedayo adedoyin adegoke adekunle adenike adeola adeolu aderonke adesina adetokunbo adewale adeyemi adisa adjoa adwoa
afia afolabi agbeko ajani akachi akinwale akinyi akosua akua akwasi alaba alemayehu alhassan almaz amadi amadou amaka
amara amare ama ameyaw aminata amaechi aminatou anyango apiyo asante asantewaa asefa ashenafi aster ato awa awino
ayanda ayantu ayo ayodele ayokunle ayomide azubuike babajide babatunde bachir bakary bamidele baraka barasa bekele
berhane biniam biruk bisi bolanle bongani bosede boubacar bukola buhle busisiwe cherop cheikh chiamaka chibueze
chibuike chibuzo chidera chidi chidinma chidozie chiedza chijioke chikezie chimamanda chinaza chinedu chinelo chineze
chinonso chinwe chinyere chioma chipo chisom chizoba chukwudi chukwuemeka chukwuma coumba dada dalila damilola daouda
dawit demba desta diarra dikembe djeneba ebele ebere ebo ebuka efe efua ejike ekow ekua emeka emenike eniola enitan
enyinnaya esi esther-akua eyob ezinne fadumo fanta fatou fatoumata fela femi feyisayo fiifi fikile fikre folake folami
folasade funke funmilayo funmi genet getachew girma gugulethu gyasi habiba habtamu hailu hamisi hassana hirut ifeanyi
ifeoma ifeyinwa ige ijeoma ikechukwu ikenna ime imani isoke itumeleng iyabo jabari jabulani jelani jengo jomo
joseph-kofi juma kagiso kamau kamwana kariuki kasim kassahun katlego kebede kelechi keneilwe kgomotso khadiatou khalifa
kibet kimani kipchoge kiprono kiplagat kofi kojo koffi koketso kossi kudzai kunle kwabena kwadwo kwaku kwame kwasi
kweku lamine lerato letsego lesedi lindiwe lindani lungile lwazi maame mahlet mamadou mandla mapenzi mariama masego
mbali mehret mekonnen mesfin meseret moussa modou moremi mosi mpho mudiwa mulugeta mumbua muthoni mutua mwangi mwende
naa naledi nana-ama nandi ndidi neo ngozi njeri njoroge nkechi nkechinyere nkem nkiruka nkosana nnamdi nneka nokuthula
nolwazi nomsa nomvula nonhlanhla noluthando nonso ntombi nthabiseng nyambura nyasha nyokabi obafemi obinna obioma
ochieng odhiambo okafor okoro olabisi oladele olamide olanrewaju olayinka olu olubunmi oluchi olufemi olufunke olumide
oluseun olusegun oluwaseun oluwatoyin omari omolara omondi omotola onyeka onyekachi onyinye osagie osei otieno oumar
ousmane paa palesa papa penda phindile pule rotimi rufaro rutendo salif samba sanusi saran sebastien-kwame seble segun
sekou selam selamawit selassie serwaa seun shaka sibongile sibusiso sifiso simbarashe simisola sipho siphiwe sithembile
sizwe solomon souleymane subira tadesse taiwo takunda tamba tandiwe tapiwa tariro tatenda tawanda temitope tendai
teboho tefera tekle tesfaye thabiso thabo thandeka thandi thandiwe themba thembi thulani tinashe tiruneh titilayo
tobenna tobi tola tope toyin tsegaye tsepo tshepo tunde uche uchenna ugochi ugonna uju ulochi unathi uzoma wambui
wangari wanjiku wanjiru wekesa wondimu workneh xolani yaa yaw yacouba yared yetunde yewande yohannes yonas yusufu
zandile zanele zanta zawadi zena zenebech zerihun zinhle zodwa zola zuberi zuri abiram adi adva alon amichai amnon amos
anat ariel asaf assaf avi aviad avigail avihu aviv aviva avner avraham ayala ayelet aryeh barak baruch batya benzion
binyamin boaz carmit chaim chana chava chaya dafna dalit dikla dorit dov dror dvora efrat ehud eitan elad elazar eli
eliezer eliyahu elkana erez eyal ezra fruma gad gadi gal galit gershon gidon gil gila gilad gili golda hadar hadas
hadassah haim hanoch hila hillel ido idan ilan ilana inbal irit itai itamar itzhak keren kobi lavi leah levi liat lihi
limor lior liora liron maayan mayan meir menachem menashe mordechai moshe naama nachman nachum nadav naftali naor neta
netanel nili nir nira nissim nitzan noa noam nurit ofer ofir ofra ohad ora oren ori orit orly osnat oz pinchas pnina
ravit raz reut reuven rivka roni ronen ronit rotem ruti sagi sagit sarit shai shalom shani shaul shifra shimon shira
shiri shlomi shlomit shlomo shmuel shoshana shulamit sigal sigalit simcha sivan smadar tal tali talia tamir tova tzipi
tzipora tzvi uri uriel uzi vered yaakov yael yaffa yair yaniv yarden yaron yehoshua yehuda yehudit yechiel yifat yigal
yisrael yitzhak yoav yochanan yoel yona yonatan yossi yotam yuval zeev zehava zelig zev zipora ziv zohar zvi aengus
aidan ailbhe aisling alasdair alastair alistair angharad aneurin angus aodhán aoibheann aoife aonghas ashlin bláthnaid
bran brenna bríd brighid bronagh bronwen bryn caitlín caoimhe caoimhín caradog carwyn catrin cathal ceri ceridwen cian
ciara ciarán cillian clíona colm conall conchobar conor cormac dafydd dáire daithí damhnait darragh declan deirdre
delyth dermot derry diarmuid donal donncha dougal dylan eamon éamonn eilidh eimear eilís einion eirian eirlys éabha
éanna elspeth emrys emyr enda eoghan eoin fergus fearghal fiachra finbar finlay finnian fionn fionnuala fiona florrie
fraser gareth garret gearóid geraint gethin glenys gráinne griffith grainne gruffydd gwen gwenda gwendolyn gwenllian
gwilym gwyn gwyneth gwynfor hamish heledd huw hywel iain ieuan ifor illtud iolo iona iorwerth isla ishbel islwyn kieran
kirsteen lachlan laoise liadan llewellyn llinos llywelyn lochlan lorcan lowri mab máire mairéad mairi malachy maoilios
máirtín mared marged meabh medbh megan meirion mererid méabh micheál morag morfydd muireann murchadh myfanwy myrddin
nerys niall niamh noirin nuala oisín órla orlaith olwen osgar owain padraic pádraig padraig peadar peredur rhiannon
rhodri rhona rhydian rhys róisín roisin ronan rory ruairí ruairi ruaridh sadhbh saoirse seamus séamus seán senan
seonaid shauna sheelagh sian siân siobhan siobhán sion síle sinéad sinead siún somhairle sorcha steffan taliesin teagan
terfel tegwen tiernan tomos torquil tudur turlough úna uilleam yseult amihan bayani bituin crisanto crispin dalisay
diwata dodong edgardo efren erlinda gloria-mae imelda isagani jejomar jovencio jomar joselito juanito kidlat lakan
liwayway lualhati luningning luzviminda maricel maricar marites marivic melchor nimfa nonoy perlita reynaldo rizalino
rodelio rolando romulo rosalinda wilfredo zenaida aigerim ainur aisulu akmaral almas altynai asel askar asylbek azamat
bakhyt bakyt bauyrzhan bekzat bolat daniyar daulet dinara dilnoza elnur farrukh feruza gulnara gulnora gulshan gulzhan
javid kairat kanat laziz leyli madina makhabbat marzhan mirlan murod nargiza nodira nursultan nurlan orkhan otabek
qodir rasul rauf rustam rustem sanjar sardor serik sevara shakhnoza shavkat sherzod shukhrat talgat temir timurlan
ulugbek umida vusal yerlan zamira zarina zhanar zulfiya
"""
