"""Names in Latin letters that are common in English text, whatever language they are from; from general knowledge."""

ENGLISH_GIVEN = frozenset(
    """
    aaron abby abdul abdullah abel abigail abraham ada adam adele adeline adrian adriana adrienne agnes ahmad ahmed
    aidan aiden aileen aimee aisha aisling alan alana albert alberto alec alejandra alejandro alessandra alessandro
    alex alexa alexander alexandra alexandre alexandria alexis alfonso alfred alfredo ali alice alicia alina alison
    alissa allan allen allison allyson alma alvaro alvin alyssa amal amanda amar amber amelia amina amir amit amitabh
    amy ana anastasia anders andre andrea andreas andreea andres andrew andy angel angela angelica angelina angelo
    angie anika anil anita anjali ankit ann anna annabel anne annette annie anthony antoine antoinette antonia antonio
    anya april archie ariana arianna ariel arjun arlene armando arnold arthur arturo arun asha ashish ashlee ashleigh
    ashley ashok aubrey audrey august aurora autumn ava avery axel ayesha bailey barbara barry beatrice beatriz becky
    belinda ben benedict benjamin bernadette bernard bernice bertha beryl beth bethan bethany betty bev beverley
    beverly bhavna bianca billie billy blake blanca bob bobbie bobby bonnie boris brad bradley brady brandi brandon
    brandy breanna brenda brendan brenna brent bret brett brian briana brianna bridget britney brittany brittney
    brooke bruce bruno bryan bryce bryony byron caitlin caitlyn caleb callum calvin cameron camila camille candace
    candice candy cara carey carl carla carlo carlos carly carmen carol carole carolina caroline carolyn carrie carter
    casey caspar cassandra cassie catalina catherine cathy cecil cecilia celeste celia celine cesar chad chandra
    chantal charlene charles charlie charlotte charmaine chelsea chelsey chen cheryl chester chloe chris christa
    christian christina christine christoph christophe christopher christy ciara cindy claire clara clarence clarissa
    claude claudia claudio clayton clement cliff clifford clifton clint clinton clive cody colette colin colleen
    connie connor conor conrad constance cora corey cornelius cory courtney craig cristian cristina crystal curtis
    cynthia daisy dale damian damien damon dan dana daniel daniela daniele danielle danny daphne darlene darrell
    darren darryl darwin daryl dave david dawn dean deanna deanne debbie deborah debra declan deepak deepika deirdre
    delia della delores demi denis denise dennis derek derrick desiree desmond devin devon dexter diana diane dianne
    diego dieter dimitri dinesh dion dirk dmitri dmitry dolores dominic dominique don donald donna donovan dora doreen
    doris dorothy doug douglas duane duncan dustin dwayne dwight dylan earl ebony eddie edgar edith edmund eduardo
    edward edwin effie eileen elaine eleanor elena eleni eli elias elijah elisa elisabeth elise eliza elizabeth ella
    elle ellen ellie elliot elliott elmer elodie eloise elsa elsie elvira emanuel emerson emil emilia emilie emilio
    emily emma emmanuel enrico enrique enzo eric erica erich erik erika erin ernest ernesto ernst erwin esmeralda
    esteban estelle esther ethan ethel etienne eugene eva evan evangeline eve evelyn ewan fabian fabio fatima fay
    felicia felicity felipe felix fergus fernanda fernando finley fiona flora florian frances francesca francesco
    francine francis francisca francisco francois frank frankie franklin franz fred freddie frederic frederick fredrik
    frieda fritz gabriel gabriela gabriella gabrielle gail gareth garrett gary gavin gayle gemma gene genevieve geoff
    geoffrey george georgia georgina gerald geraldine gerard gerardo gerhard gerry giacomo gianluca gilbert gilles
    gillian gina ginger gino giorgio giovanna giovanni giulia giuseppe gladys glen glenda glenn gloria glyn gonzalo
    gordon grace graeme graham greg gregg gregor gregory greta gretchen guido guillaume guillermo gunther gustav
    gustavo guy gwen gwendolyn hailey haley hamza hank hanna hannah hans harold harper harriet harriett harris
    harrison harry harsh harvey hasan hassan hattie hayden hayley hazel heather hector heidi heinrich helen helena
    helene helga henrietta henrik henry herbert herman hilary hilda hollie holly horace horst howard hubert hugh hugo
    hunter hussein ian ibrahim ida ignacio igor ilse imogen imran inga ingrid ira irene irina iris irma irving isaac
    isabel isabella isabelle isaiah isla ismail ivan ivy jack jackie jackson jacob jacqueline jacques jade jaime jake
    jakob jamal james jamie jan jana jane janelle janet janice janine jared jasmine jason jay jayden jayne jean
    jeanette jeanne jeannie jeff jeffery jeffrey jen jenna jennie jennifer jenny jeremiah jeremy jermaine jerome jerry
    jesse jessica jessie jesus jill jillian jim jimmie jimmy jo joan joann joanna joanne joao joaquin jocelyn jodi
    jodie jody joe joel joelle joey johan johann johannes john johnathan johnnie johnny jon jonah jonas jonathan
    jonathon jordan jorge jose josef joseph josephine josh joshua josie joy joyce juan juana juanita judith judy julia
    julian juliana julianne julie juliet juliette julio june jurgen justin justine kaitlin kaitlyn kamal kara karen
    kari karim karin karina karl karla kasey kate katelyn katharine katherine kathleen kathryn kathy katie katrina
    kavita kay kaye kayla kayleigh keira keith kelley kelli kellie kelly kelsey kelvin ken kendra kenneth kenny kent
    kerri kerry kevin khadija khalid kian kieran kim kimberley kimberly kirk kirsten kirsty klaus kris krishna kristen
    kristi kristin kristina kristine kristopher kristy krystal kumar kurt kyle kylie lakshmi lana lance lara larissa
    larry lars latoya laura lauren laurence laurent laurie lawrence lea leah leanne lee leigh leila lena leo leon
    leona leonard leonardo leonie leonor leroy lesley leslie lester leticia levi lewis lexi liam lila lillian lillie
    lily lina linda lindsay lindsey ling lionel lisa liz liza lloyd logan lois lola lora loren lorena lorenzo loretta
    lori lorna lorraine lou louis louisa louise lourdes luc luca lucas lucia luciana luciano lucille lucinda lucy
    ludwig luigi luis luisa luke lydia lyle lynda lyndsey lynette lynn lynne mabel mackenzie maddie madeleine madeline
    madison mae maggie mahmoud maisie malcolm mandy manfred manish manoj manuel manuela mara marc marcel marcela
    marcella marcelo marcia marcin marco marcos marcus margaret margarita margery margot marguerite maria mariah
    mariam marian mariana marianne marie marilyn marina mario marion marisa marissa marjorie mark markus marla marlene
    marlon marsha marta martha martin martina martine martyn marvin mary maryam mason mateo mathew mathias mathieu
    matilda matt matteo matthew matthias maud maureen maurice mauricio mauro max maxine maxwell maya meera megan
    meghan mehmet mei mel melanie melinda melissa melody melvin mercedes meredith mia micah michael michaela micheal
    michel michele michelle miguel mikael mike mikhail mildred milena miles millie milton mindy minnie miranda miriam
    misty mitchell mohamed mohammad mohammed mohan moira molly mona monica monique morag morgan morris moses muhammad
    muriel myra myrtle nadia nadine nancy naomi natalia natalie natasha nathalie nathan nathaniel neal neha neil
    nellie nelson nettie neville niamh nicholas nick nicola nicolas nicole nigel nikhil niki nikki nikolai nils nina
    nisha nitin noah noel noelle noemi nora norbert noreen norma norman octavia oksana olaf olga oliver olivia ollie
    omar opal ophelia orlando oscar osman otto owen pablo paige pam pamela paola paolo parker pascal pat patricia
    patrick patrik patsy patti patty paul paula paulette paulina pauline paulo pavel pearl pedro peggy penelope penny
    percy perry pete peter petra philip philippa philippe phillip phoebe phyllis pierre piotr polly pooja prakash
    pranav preeti priscilla priya quentin quincy quinn rachael rachel rafael rafal ragnar rahul rainer raj rajesh
    rajiv ralph ramesh ramon ramona randall randy raphael raquel rashid raul ravi ray raymond rebecca rebekah reece
    reese regina reginald reinhard rekha rene renee reuben rex rhiannon rhonda rhys ricardo riccardo richard rick
    rickey ricky riley rita ritu rob robbie robert roberta roberto robin robyn rocio rodney rodrigo roger rohan rohit
    roland rolf romain roman ron ronald ronan ronnie rory rosa rosalie rosalind rosanna rosario roseanne rosemarie
    rosemary rosie ross rowan roxanne roy ruben rudolf rudy rufus rupert russell ruth ryan sabina sabine sabrina sadie
    sahil salim sally salma salvador salvatore sam samantha samira sammy samuel sandeep sandra sandro sandy sanjay
    santiago santosh sara sarah sarika sasha saul savannah sawyer scott sean sebastian selena selina selma serena
    serge sergei sergey sergio seth shane shania shannon shari sharon shaun shauna shawn shawna sheena sheila shelby
    sheldon shelia shelley shelly sheri sherri sherry sheryl shirley shivani shreya sian sidney siegfried sienna
    sierra silas silvia simon simona simone sinead siobhan skye skyler sofia sofie solomon sonia sonja sonya sophia
    sophie spencer stacey stacie stacy stan stanislav stanley stefan stefanie stefano stella stephan stephanie stephen
    steve steven stewart stuart sue sunita suresh susan susana susanna susanne susie suzanne sven svetlana swati
    sydney sylvester sylvia tabitha tamara tamika tammy tanya tara tariq tasha tatiana ted terence teresa teri
    terrance terrence terri terry tess tessa thea thelma theo theodore theresa therese thomas tiago tiffany tim
    timothy tina toby todd tom tomas tommy toni tony tonya tracey traci tracie tracy travis trent trevor tricia trisha
    tristan troy trudy tyler tyrone ulrich ulrike ursula valentina valerie vanessa vera vernon veronica vicki vickie
    vicky victor victoria vijay vikram vince vincent vincenzo viola violet virginia vivek vivian viviana vivienne vlad
    vladimir wade wallace walter wanda warren wayne wei wendell wendy werner wesley whitney wilbur wilfred wilhelm
    willard william willie willow wilma winifred winston wolfgang xavier ximena yan yasmin yasmine yolanda yosef yuri
    yusuf yvette yvonne zac zach zachary zack zainab zara zelda zoe zoey zofia
    """.split()  # noqa: SIM905 - a column of strings reads worse
)
ENGLISH_SURNAMES = frozenset(
    """
    abbott acevedo acosta adams adkins aguilar aguirre ahmed akhtar alexander ali allan allen allison alvarado alvarez
    amato anders andersen anderson andrade andrews anthony archer arias armstrong arnold arroyo ashton atkins atkinson
    austin avery avila ayala ayers bailey baker baldwin ball ballard banks barber barker barlow barnes barnett barr
    barrera barrett barron barry bartlett barton bass bates bauer baxter beard beasley beck becker bell beltran
    benitez bennett benson benton berg berger bernard berry best bianchi bird bishop black blackburn blackwell blair
    blake blanchard blevins bolton bond bonilla booker boone booth bowen bowers bowman boyd boyer boyle bradford
    bradley bradshaw brady branch brandt braun bray brennan brewer bridges briggs bright brock brooks brown browning
    bruce bryan bryant buchanan buck buckley bullock burch burgess burke burnett burns burton bush butler byrd byrne
    cabrera cain calderon caldwell calhoun callahan camacho cameron campbell campos cannon cantrell cantu cardenas
    carey carlson carney carpenter carr carrillo carroll carson carter case casey castaneda castillo castro cervantes
    chambers chan chandler chang chapman charles chavez cherry christensen christian chung church cisneros clark
    clarke clay clayton clements cline cobb cochran coffey cohen cole coleman collier collins colon combs compton
    conley conner connolly connor conrad contreras conway cook cooke cooley cooper copeland corbett cordova correa
    costa costello cowan cox craig crane crawford crosby cross cruz cummings cunningham curry curtis dalton daly
    daniel daniels daugherty davenport davidson davies davis dawson day dean decker delacruz deleon delgado dennis
    desai diaz dickerson dickson dillon dixon dodson doherty dominguez donaldson donovan dorsey dougherty douglas
    downs doyle drake duarte dubois dudley duffy duke dumont duncan dunlap dunn dupont duran durham dyer eaton edwards
    elliott ellis ellison emerson engel england english erickson escobar esparza espinoza estes estrada evans everett
    ewing farley farmer farrell faulkner ferguson fernandes fernandez ferrari ferrell fields figueroa finley fischer
    fisher fitzgerald fitzpatrick fleming fletcher flores flowers floyd flynn foley forbes ford foster fowler fox
    francis franco frank franklin frazier frederick freeman french friedman frost fry frye fuentes fuller galindo
    gallagher gallegos galloway galvan gamble garcia gardner garner garrett garrison garza gates gentry george gibbs
    gibson gilbert giles gill gillespie gilmore glass glenn glover golden gomez gonzales gonzalez good goodman goodwin
    gordon gould graham grant graves gray green greene greer gregory griffin griffith grimes gross guerra guerrero
    gupta gutierrez guzman haas hahn hale haley hall hamilton hammond hampton hancock hanna hansen hanson hardin
    harding hardy harmon harper harrell harrington harris harrison hart hartman harvey hatfield hawkins hayden hayes
    haynes heath hebert henderson hendricks hendrix henry hensley henson herman hernandez herrera herring hess hester
    hewitt hickman hicks higgins hill hines hinton hobbs hodge hodges hoffman hoffmann hogan holden holder holland
    holloway holmes holt hood hooper hoover hopkins hopper horn horne horton house houston howard howe howell hubbard
    huber hudson huerta huff huffman hughes hull humphrey hunt hunter hurley hurst hussain hutchins hutchinson hyde
    ibarra ibrahim ingram irwin iyer jackson jacobs jacobson james jansen jarvis jefferson jenkins jennings jensen
    jimenez johansson johns johnson johnston jones jordan joseph joshi joyce juarez kaiser kane kapoor kaufman kaur
    keith keller kelley kelly kemp kennedy kent kerr key khan kidd king kirby kirk klein kline knapp knight knox koch
    kowalski kozlov kramer krause krueger kumar lam lamb lambert lancaster landry lane lang lara larsen larson
    lawrence lawson leach leblanc leon leonard lester levine levy lewis lindsay lindsey little livingston lloyd logan
    long lopez lowe lowery lozano lucas lucero luna lynch lynn lyons macdonald macias mack mackenzie madden maddox
    mahoney maldonado malone mann manning marks marquez marsh marshall martin martinez mason massey mata mathews
    mathis matthews maxwell may mayer maynard mayo mays mcbride mccall mccann mccarthy mccarty mcclain mcclure
    mcconnell mccormick mccoy mccullough mcdaniel mcdonald mcdowell mcfarland mcgee mcgrath mcguire mcintosh mcintyre
    mckay mckee mckenzie mckinney mcknight mclaughlin mclean mcmahon mcmillan mcneil mcpherson meadows medina mehta
    mejia melendez melton mendez mendoza mercado mercer merritt meyer meyers meza michael middleton miles miller mills
    miranda mitchell molina monroe montes montgomery montoya moody moon mooney moore mora morales moran moreau moreno
    morgan morris morrison morrow morse morton moses mosley moss moyer mueller mullen mullins munoz murillo murphy
    murray myers nair nash navarro neal nelson newman newton nichols nicholson nielsen nixon noble nolan norman norris
    norton novak novikov nunez obrien ochoa oconnell oconnor odom odonnell oliver olsen olson oneal oneill orozco orr
    ortega ortiz osborn osborne owen owens pace pacheco padilla page palacios palmer parker parks parrish parsons
    patel patrick patterson patton paul payne pearson peck pena pennington perez perkins perry person peters petersen
    peterson petrov petty phelps phillips pierce pineda pittman pitts pollard ponce poole pope porter potter potts
    powell powers pratt preston price prince proctor pruitt pugh quinn ramirez ramos ramsey randall randolph rangel
    rao rasmussen ray raymond reddy reed reese reeves reid reilly reyes reynolds rhodes ricci rice rich richard
    richards richardson richmond riddle riggs riley rios ritter rivas rivera rivers robbins roberson roberts robertson
    robinson robles rocha rodgers rodriguez rogers rojas roman romero rosales rosario rose ross rossi roth rowe
    rowland roy rubio ruiz rush russell russo ryan salas salazar salinas sampson sanchez sanders sandoval sanford
    santana santiago santos saunders savage sawyer schaefer schmidt schmitt schneider schroeder schultz schulz
    schwartz scott sellers serrano sexton shaffer shah shannon sharma sharp shaw shea shelton shepard shepherd
    sheppard sherman shields short silva simmons simon simpson sims singh singleton skinner sloan small smith snow
    snyder solis solomon sosa soto sparks spears spence spencer stafford stanley stanton stark steele stein stephens
    stephenson stevens stevenson stewart stokes stone stout strickland strong stuart suarez sullivan summers sutton
    swanson sweeney sweet tanner tapia tate taylor terrell terry thomas thompson thornton todd torres townsend travis
    trevino trujillo tucker turner tyler underwood valdez valencia valentine valenzuela vance vang vargas vasquez
    vaughan vaughn vazquez vega velasquez velazquez velez verma villa villanueva villarreal vincent vogel volkov wade
    wagner walker wall wallace waller walls walsh walter walters walton ward ware warner warren washington waters
    watkins watson watts weaver webb weber webster weeks weiss welch wells werner west wheeler whitaker white
    whitehead whitney wiggins wilcox wiley wilkerson wilkins wilkinson williams williamson willis wilson winters wise
    wolf wolfe wong wood woodard woods woodward wright wyatt yates yoder york young zamora zavala zimmerman zuniga
    """.split()  # noqa: SIM905 - as above
)
ASIAN_SURNAMES = frozenset(
    """
    ahn bui cai cao chen cheng cho choi dang deng ding do dong du duong feng guo han hoang hong hu huang huynh hwang
    jang jeon jiang jung kang kim kwon le lee li liang lim lin liu lu luo ly ma ngo nguyen pan park peng pham phan ren
    seo shen shin song su sun tang tian tran vo vu wang wei wu xiao xie xu yang yao ye yoon yu yuan zeng zhang zhao
    zheng zhou zhu
    """.split()  # noqa: SIM905 - as above
)
"""Of China, Korea and Vietnam, where they stand first."""
WORDS_TOO = frozenset(
    """
    ada alexa alexandria ali alma amal amber ana anders angel august aurora autumn bailey ben bev blanca bob brooke
    cameron candy carol carolina carter cassandra celeste chad charlotte chelsea chen christian claude cliff cora cory
    crystal daisy dale dan dana darwin dawn dean dion dolores don earl ebony ella elle elvira emma emmanuel eve flora
    frank gene ginger glen gloria grace guy hans hazel heather helena herbert holly hugo hunter iris ivy jack jackson
    jade jan jasmine jay jean jesus jo jordan joy kay kelvin ken kent kerry kim lana lance lee leo lily ling logan lou
    lourdes mabel madison mae marina mark martin mason max maya mel melody mercedes miles misty myrtle nancy nick nina
    noel norman octavia opal orlando oscar otto pam parker pascal pat patty pearl penny perry randy ray regina rex rob
    robin roman rosa rosario ruth salvador sam sandy santiago saul savannah selena sienna sierra skye sofia spencer
    stan stella sue sydney ted tess tiffany tony tracy travis troy tyler valentina vera vernon victor victoria viola
    violet virginia wade wayne wei wendy willow yan
    """.split()  # noqa: SIM905 - as above
)
"""Given names that are words, places or companies as well: alone they prove nothing."""
